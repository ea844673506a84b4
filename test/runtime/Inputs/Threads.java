import java.util.concurrent.*;
import java.util.concurrent.atomic.*;

public class Threads {
  static int total;

  static synchronized void add(int n) { total += n; }

  public static void main(String[] arguments) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    AtomicInteger tasks = new AtomicInteger();
    for (int i = 0; i < 200; ++i) {
      int n = i;
      pool.submit(() -> { add(n); tasks.incrementAndGet(); });
    }
    pool.shutdown();
    System.out.println(pool.awaitTermination(60, TimeUnit.SECONDS) + " " + total + " " + tasks);
  }
}
