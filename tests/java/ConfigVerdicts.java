// What the Java producer makes of configurations. Reads one a line, as KEY=VALUE pairs between
// tabs, each side with four-digit hexadecimal escapes for what is not plain; prints for each either
//
//   refused TAB the message's first line
//   accepted TAB acks TAB idempotence TAB retries TAB in flight TAB delivery timeout TAB reconnect
//   max
//
// A configuration gets bootstrap servers and ByteArray serializers where it names none. First a
// ProducerConfig is made of it. Where security.protocol is PLAINTEXT, or SASL without a JAAS text,
// a KafkaProducer follows and is closed at once; otherwise its constructor would read key stores.
//
//   java -cp JARS ConfigVerdicts.java          verdicts
//   java -cp JARS ConfigVerdicts.java --keys   the table of keys, as tab-separated values

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Partitioner;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.metrics.MetricsReporter;
import org.apache.kafka.common.serialization.Serializer;

public class ConfigVerdicts {
    static final String BYTES = "org.apache.kafka.common.serialization.ByteArraySerializer";

    public static void main(String[] args) throws Exception {
        // Without a configuration log4j writes to stdout.
        PrintStream out = System.out;
        System.setOut(System.err);
        if (args.length > 0) {
            out.print(keys());
            return;
        }
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        List<String> lines = in.lines().collect(Collectors.toList());
        ExecutorService pool = Executors.newFixedThreadPool(2, ConfigVerdicts::daemon);
        List<Future<String>> verdicts = new ArrayList<>();
        for (String line : lines) {
            verdicts.add(pool.submit(() -> verdict(line)));
        }
        List<String> answers = new ArrayList<>();
        for (Future<String> verdict : verdicts) {
            answers.add(verdict.get());
        }
        out.print(String.join("\n", answers) + "\n");
        out.flush();
        System.exit(out.checkError() ? 1 : 0);
    }

    static final ExecutorService CLOSING = Executors.newCachedThreadPool(ConfigVerdicts::daemon);

    static Thread daemon(Runnable task) {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        thread.setContextClassLoader(ConfigVerdicts.class.getClassLoader());
        return thread;
    }

    // Stands for whatever a user's class path holds.
    public static class Mine implements Partitioner, ProducerInterceptor<Object, Object>,
            MetricsReporter, Serializer<Object> {
        public int partition(String topic, Object key, byte[] k, Object value, byte[] v,
                Cluster cluster) {
            return 0;
        }

        public ProducerRecord<Object, Object> onSend(ProducerRecord<Object, Object> record) {
            return record;
        }

        public void onAcknowledgement(RecordMetadata metadata, Exception error) {
        }

        public void init(List<KafkaMetric> metrics) {
        }

        public void metricChange(KafkaMetric metric) {
        }

        public void metricRemoval(KafkaMetric metric) {
        }

        public byte[] serialize(String topic, Object data) {
            return null;
        }

        public void configure(Map<String, ?> configs) {
        }

        public void close() {
        }
    }

    static String verdict(String line) {
        Map<String, Object> given = new HashMap<>();
        given.put("bootstrap.servers", "127.0.0.1:1");
        given.put("key.serializer", BYTES);
        given.put("value.serializer", BYTES);
        for (String pair : line.isEmpty() ? new String[0] : line.split("\t")) {
            int at = pair.indexOf('=');
            given.put(unescape(pair.substring(0, at)), unescape(pair.substring(at + 1)));
        }
        try {
            ProducerConfig config = new ProducerConfig(given);
            Object delivery = config.getInt("delivery.timeout.ms");
            String protocol = config.getString("security.protocol").toUpperCase(Locale.ROOT);
            boolean noLogin = !given.containsKey("sasl.jaas.config");
            if (protocol.equals("PLAINTEXT") || protocol.startsWith("SASL_") && noLogin) {
                KafkaProducer<Object, Object> producer = new KafkaProducer<>(given);
                delivery = field(field(producer, "accumulator"), "deliveryTimeoutMs");
                // With an endless retry backoff a sender sleeps for ever, so nobody waits for it.
                CLOSING.submit(() -> producer.close(Duration.ZERO));
            }
            return String.join("\t", "accepted", config.getString("acks"),
                config.getBoolean("enable.idempotence").toString(),
                config.getInt("retries").toString(),
                config.getInt("max.in.flight.requests.per.connection").toString(),
                delivery.toString(),
                config.getLong("reconnect.backoff.max.ms").toString(), protocol);
        } catch (Exception | LinkageError refusal) {
            Throwable cause = refusal;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            return "refused\t" + cause.toString().lines().findFirst().orElse("").replace('\t', ' ');
        }
    }

    static Object field(Object of, String name) throws Exception {
        Field field = of.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(of);
    }

    static String unescape(String text) {
        StringBuilder plain = new StringBuilder();
        for (int at = 0; at < text.length(); at++) {
            if (text.charAt(at) == '\\') {
                plain.append((char) Integer.parseInt(text.substring(at + 2, at + 6), 16));
                at += 5;
            } else {
                plain.append(text.charAt(at));
            }
        }
        return plain.toString();
    }

    static String keys() {
        StringBuilder table = new StringBuilder("name\ttype\tdefault\tvalid values\timportance\n");
        List<ConfigDef.ConfigKey> keys =
            new ArrayList<>(ProducerConfig.configDef().configKeys().values());
        keys.sort(Comparator.comparing(key -> key.name));
        for (ConfigDef.ConfigKey key : keys) {
            table.append(String.join("\t", key.name,
                key.type.toString().toLowerCase(Locale.ROOT), preset(key),
                key.validator == null ? "" : key.validator.toString(),
                key.importance.toString().toLowerCase(Locale.ROOT)));
            table.append('\n');
        }
        return table.toString();
    }

    static String preset(ConfigDef.ConfigKey key) {
        if (!key.hasDefault()) {
            return "(required)";
        }
        if (key.defaultValue == null) {
            return "null";
        }
        String text = ConfigDef.convertToString(key.defaultValue, key.type);
        return text.isEmpty() ? "\"\"" : text;
    }
}
