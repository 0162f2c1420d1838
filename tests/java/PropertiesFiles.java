// What java.util.Properties reads. Reads one file in hex a line; prints its entries in their order,
// duplicates included, as "KEY=VALUE" in hex of UTF-16 units between blanks, or "malformed".
//
//   java PropertiesFiles.java < files

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.util.HexFormat;
import java.util.Properties;

public class PropertiesFiles {
    static class Ordered extends Properties {
        final StringBuilder entries = new StringBuilder();

        @Override
        public synchronized Object put(Object key, Object value) {
            entries.append(' ').append(hex((String) key)).append('=').append(hex((String) value));
            return null;
        }
    }

    public static void main(String[] args) throws Exception {
        StringBuilder answer = new StringBuilder();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Ordered properties = new Ordered();
            try {
                properties.load(new ByteArrayInputStream(HexFormat.of().parseHex(line)));
                answer.append(properties.entries.toString().strip());
            } catch (IllegalArgumentException malformed) {
                answer.append("malformed");
            }
            answer.append('\n');
        }
        System.out.print(answer);
        System.exit(System.out.checkError() ? 1 : 0);
    }

    static String hex(String text) {
        StringBuilder units = new StringBuilder();
        for (char unit : text.toCharArray()) {
            units.append(String.format("%04x", (int) unit));
        }
        return units.toString();
    }
}
