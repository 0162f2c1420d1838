// Says where Java's RoundRobinPartitioner puts records: reads leaders as words of 1 (led) and 0,
// one topic a line, and prints for each the partitions of its first TURNS records.
//
//   scripts/cluster java tests/real_cluster/RoundRobinTurns.java TURNS < topics

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.producer.RoundRobinPartitioner;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;

public class RoundRobinTurns {
    public static void main(String[] args) throws Exception {
        int turns = Integer.parseInt(args[0]);
        Node node = new Node(1, "localhost", 9092);
        Node[] replicas = {node};
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            List<PartitionInfo> partitions = new ArrayList<>();
            for (int i = 0; i < line.length(); i++) {
                Node leader = line.charAt(i) == '1' ? node : null;
                partitions.add(new PartitionInfo("t", i, leader, replicas, replicas));
            }
            Cluster cluster = new Cluster("c", List.of(node), partitions, Set.of(), Set.of());
            StringBuilder answer = new StringBuilder();
            try (RoundRobinPartitioner partitioner = new RoundRobinPartitioner()) {
                for (int i = 0; i < turns; i++) {
                    int at = partitioner.partition("t", null, null, null, null, cluster);
                    answer.append(i == 0 ? "" : " ").append(at);
                }
            }
            System.out.println(answer);
        }
    }
}
