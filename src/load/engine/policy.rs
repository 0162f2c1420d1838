//! Records that are due and left out on purpose: skipped for being late, dropped for want of room.
//!
//! Cost class: per call of the pump, and per record that is dropped. They are never made (a dropped
//! one is made and thrown away), so that they are in no latency, have no outcome and no fate; the
//! ledger counts them: due = generated + dropped + skipped.

use core::time::Duration;

use super::engine::Engine;
use super::witness::{LeftOut, Witness};
use crate::base::Instant;
use crate::load::schedule::{Due, Full, Late};

impl<W: Witness> Engine<W> {
    /// Leaves out what is later than the plan lets records be, a blocked one first.
    pub(super) fn skip_late(&mut self, now: Instant) {
        let Late::Skip(bound) = self.plan.schedule.late else { return };
        let before = now - bound;
        if let Some(blocked) = self.feed.blocked
            && blocked.is_due_before(before)
        {
            self.feed.unblock(now);
            self.producer.forgo(self.topic);
            self.recorder.skipped(1);
            self.witness.left_out(LeftOut::Skipped, 1);
        }
        let skipped = self.schedule.skip_before(before);
        if skipped > 0 {
            self.recorder.skipped(skipped);
            self.witness.left_out(LeftOut::Skipped, skipped);
        }
    }

    /// Whether a record without room is thrown away.
    pub(super) fn drops(&self) -> bool {
        self.plan.schedule.full == Full::Drop
    }

    /// The record found no room in `buffer.memory`, and is thrown away for it.
    pub(super) fn drop_record(&mut self) {
        self.feed.dropped += 1;
        // The next record may go elsewhere.
        self.producer.forgo(self.topic);
        self.recorder.dropped(1);
        self.witness.left_out(LeftOut::Dropped, 1);
    }

    /// When a blocked record is too late, if it can be.
    pub(super) fn too_late_at(&self, due: Due) -> Option<Instant> {
        match self.plan.schedule.late {
            Late::CatchUp => None,
            Late::Skip(bound) => due.at.map(|at| at + bound + Duration::from_nanos(1)),
        }
    }
}
