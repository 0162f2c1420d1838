//! Names for things, each a number of its own type so that they can't be mixed up.

use core::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// One TCP stream of one machine. Given out by who opens it, never reused.
    ConnectionId(u64)
}
id! {
    /// A broker's node id as the cluster names it; negative for a bootstrap address whose id isn't
    /// known yet (-1, -2, …).
    BrokerId(i32)
}
id! {
    /// A topic of one machine, dense from 0 in the order in which the machine first heard of it.
    TopicSlot(u32)
}
id! {
    /// A partition of one machine, dense from 0 over all its topics, append-only: a slot never
    /// changes its meaning.
    PartitionSlot(u32)
}
id! {
    /// A worker of one run: 0 to producers − 1.
    WorkerIndex(u32)
}
id! {
    /// A listening socket of one server machine, dense from 0.
    ListenerIndex(u32)
}

impl PartitionSlot {
    /// The slot as a vector index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl TopicSlot {
    /// The slot as a vector index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
