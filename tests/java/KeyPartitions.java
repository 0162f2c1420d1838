// Says where the Java client puts keys: reads keys in hex, one a line (an empty line is an empty
// key), and prints "HEX MURMUR2 PARTITION" for each, computed by the client's own classes.
//
//   scripts/cluster java tests/java/KeyPartitions.java PARTITIONS < keys

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.HexFormat;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;

public class KeyPartitions {
    public static void main(String[] args) throws Exception {
        int partitions = Integer.parseInt(args[0]);
        StringBuilder answer = new StringBuilder();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            byte[] key = HexFormat.of().parseHex(line.strip());
            answer.append(line.strip()).append(' ').append(Utils.murmur2(key)).append(' ')
                .append(BuiltInPartitioner.partitionForKey(key, partitions)).append('\n');
        }
        PrintStream out = new PrintStream(System.out, false);
        out.print(answer);
        out.flush();
        if (out.checkError()) {
            System.exit(1);
        }
    }
}
