// How the Java producer cuts records into batches. Reads one case a line:
//
//   BATCH_SIZE CODEC KEY VALUE SPREAD HEADERS STEP COUNT
//
// KEY and VALUE are lengths (-1: null); record i's value is longer by i * 7919 % (SPREAD + 1)
// bytes, and its timestamp is i * STEP milliseconds after the first. All bytes are zero. Prints for
// each case the batches of the client's own RecordAccumulator in one partition, as RECORDS:BYTES,
// or RECORDS alone under a codec: compressed sizes differ between libraries. A batch is compressed
// as soon as the next one is open, so that the estimate of the ratio moves as it does under load.
//
//   java -cp JARS BatchCounts.java < cases

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Field;
import java.util.Deque;
import org.apache.kafka.clients.producer.internals.BufferPool;
import org.apache.kafka.clients.producer.internals.ProducerBatch;
import org.apache.kafka.clients.producer.internals.RecordAccumulator;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.record.internal.CompressionRatioEstimator;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;

public class BatchCounts {
    static final long FIRST = 1_700_000_000_000L;
    static final TopicPartition PLACE = new TopicPartition("t", 0);

    public static void main(String[] args) throws Exception {
        StringBuilder answer = new StringBuilder();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            answer.append(cut(line.split(" "))).append('\n');
        }
        System.out.print(answer);
        System.exit(System.out.checkError() ? 1 : 0);
    }

    static String cut(String[] words) throws Exception {
        int batchSize = Integer.parseInt(words[0]);
        String codec = words[1];
        int key = Integer.parseInt(words[2]);
        int value = Integer.parseInt(words[3]);
        int spread = Integer.parseInt(words[4]);
        Header[] headers = headers(Integer.parseInt(words[5]));
        long step = Long.parseLong(words[6]);
        int count = Integer.parseInt(words[7]);

        CompressionRatioEstimator.resetEstimation(PLACE.topic());
        RecordAccumulator accumulator = accumulator(batchSize, codec);
        StringBuilder batches = new StringBuilder();
        for (int i = 0; i < count; i++) {
            byte[] record = value < 0 ? null : new byte[value + (int) (i * 7919L % (spread + 1))];
            byte[] name = key < 0 ? null : new byte[key];
            accumulator.append(PLACE.topic(), 0, FIRST + i * step, name, record, headers,
                null, Long.MAX_VALUE, 0, Cluster.empty());
            Deque<ProducerBatch> queue = accumulator.getDeque(PLACE);
            while (queue.size() > 1) {
                ProducerBatch full = queue.pollFirst();
                full.close();
                describe(full, codec, batches);
            }
        }
        for (ProducerBatch batch : accumulator.getDeque(PLACE)) {
            describe(batch, codec, batches);
        }
        return batches.toString().strip();
    }

    static void describe(ProducerBatch batch, String codec, StringBuilder batches)
            throws Exception {
        Field count = ProducerBatch.class.getDeclaredField("recordCount");
        count.setAccessible(true);
        batches.append(count.getInt(batch));
        if (codec.equals("none")) {
            batches.append(':').append(batch.estimatedSizeInBytes());
        }
        batches.append(' ');
    }

    static RecordAccumulator accumulator(int batchSize, String codec) {
        Metrics metrics = new Metrics();
        BufferPool pool =
            new BufferPool(1L << 40, batchSize, metrics, Time.SYSTEM, "producer-metrics");
        Compression compression = Compression.of(codec).build();
        return new RecordAccumulator(new LogContext(), batchSize, compression, 1_000_000, 100L,
            1_000L, 2_000_000, metrics, "producer-metrics", Time.SYSTEM, null, pool);
    }

    static Header[] headers(int count) {
        Header[] headers = new Header[count];
        for (int i = 0; i < count; i++) {
            headers[i] = new RecordHeader("h" + i, i % 2 == 1 ? null : new byte[5 * i]);
        }
        return headers;
    }
}
