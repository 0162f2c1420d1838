import java.io.File;
import java.util.Locale;
import java.util.Scanner;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;

/**
 * Reads an interval log with HdrHistogram's own reader. For each tag ("-" for lines without one):
 * the lines, the values in them, and some percentiles of all, in nanoseconds. On stdin: the tags.
 */
public class LogPercentiles {
    public static void main(String[] args) throws Exception {
        Scanner tags = new Scanner(System.in);
        while (tags.hasNext()) {
            String tag = tags.next();
            Histogram sum = new Histogram(3);
            long lines = 0;
            HistogramLogReader log = new HistogramLogReader(new File(args[0]));
            while (log.hasNext()) {
                EncodableHistogram line = log.nextIntervalHistogram();
                String its = line.getTag() == null ? "-" : line.getTag();
                if (its.equals(tag)) {
                    sum.add((Histogram) line);
                    lines++;
                }
            }
            System.out.printf(Locale.ROOT, "%s %d %d", tag, lines, sum.getTotalCount());
            for (double percent : new double[] {50, 90, 99, 99.9, 100}) {
                System.out.printf(Locale.ROOT, " %d", sum.getValueAtPercentile(percent));
            }
            System.out.println();
        }
    }
}
