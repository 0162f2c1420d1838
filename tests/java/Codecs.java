// Batches of one implementation, read by the other.
//
//   java -cp JARS Codecs.java decode < batches   a batch in hex a line; prints "CODEC RECORDS CRC"
//   java -cp JARS Codecs.java encode < cases     "CODEC LEVEL SEED" a line, LEVEL - for no level;
//                                                prints "HEX RECORDS CRC"
//
// A batch is read as brokers read it and as consumers do, which stream. The CRC-32C is over what
// the records hold: offset, timestamp, key, value, headers, with lengths, big-endian.

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.BufferSupplier;

public class Codecs {
    public static void main(String[] args) throws Exception {
        StringBuilder answer = new StringBuilder();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String told = args[0].equals("encode") ? encode(line.split(" ")) : decode(line);
            answer.append(told).append('\n');
        }
        System.out.print(answer);
        System.exit(System.out.checkError() ? 1 : 0);
    }

    static String decode(String hex) throws Exception {
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(hex));
        MemoryRecords records = MemoryRecords.readableRecords(bytes);
        StringBuilder told = new StringBuilder();
        for (MutableRecordBatch batch : records.batches()) {
            batch.ensureValid();
            String whole = content(batch.iterator());
            String streamed = content(batch.streamingIterator(BufferSupplier.create()));
            if (!whole.equals(streamed)) {
                throw new IllegalStateException(whole + " but streamed " + streamed);
            }
            told.append(batch.compressionType().name).append(' ').append(whole);
        }
        return told.toString();
    }

    static String content(Iterator<Record> records) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        int count = 0;
        while (records.hasNext()) {
            Record record = records.next();
            record.ensureValid();
            out.writeLong(record.offset());
            out.writeLong(record.timestamp());
            put(out, array(record.key()));
            put(out, array(record.value()));
            out.writeInt(record.headers().length);
            for (Header header : record.headers()) {
                put(out, header.key().getBytes(StandardCharsets.UTF_8));
                put(out, header.value());
            }
            count++;
        }
        CRC32C crc = new CRC32C();
        crc.update(bytes.toByteArray());
        return count + " " + Long.toHexString(crc.getValue());
    }

    static byte[] array(ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    static void put(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes == null ? -1 : bytes.length);
        if (bytes != null) {
            out.write(bytes);
        }
    }

    static String encode(String[] words) throws Exception {
        Random random = new Random(Long.parseLong(words[2]));
        List<SimpleRecord> records = new ArrayList<>();
        int count = 1 + random.nextInt(200);
        for (int i = 0; i < count; i++) {
            int most = i == 7 ? 200_000 : 300;
            Header[] headers = new Header[random.nextInt(3)];
            for (int h = 0; h < headers.length; h++) {
                headers[h] = new RecordHeader("name \u00e9" + h, bytes(random, 30));
            }
            long timestamp = 1_700_000_000_000L + random.nextInt(2_000) - 1_000;
            byte[] key = bytes(random, 40);
            records.add(new SimpleRecord(timestamp, key, bytes(random, most), headers));
        }
        MemoryRecords batch = MemoryRecords.withRecords(compression(words[0], words[1]),
            records.toArray(new SimpleRecord[0]));
        ByteBuffer buffer = batch.buffer().duplicate();
        byte[] whole = new byte[buffer.remaining()];
        buffer.get(whole);
        return HexFormat.of().formatHex(whole) + " " + content(batch.records().iterator());
    }

    // Null, random, or letters that compress.
    static byte[] bytes(Random random, int most) {
        int sort = random.nextInt(10);
        if (sort == 0) {
            return null;
        }
        byte[] bytes = new byte[random.nextInt(most + 1)];
        if (sort < 4) {
            random.nextBytes(bytes);
        } else {
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) ('a' + i % 7);
            }
        }
        return bytes;
    }

    static Compression compression(String codec, String level) {
        if (level.equals("-")) {
            return Compression.of(codec).build();
        }
        int number = Integer.parseInt(level);
        switch (codec) {
            case "gzip":
                return Compression.gzip().level(number).build();
            case "lz4":
                return Compression.lz4().level(number).build();
            default:
                return Compression.zstd().level(number).build();
        }
    }
}
