// Lab is what the Java clients here have in common: whom they trust, when they ask (see ../node/drive.js),
// and the contract of tcpwarm challenge.
import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import javax.net.ssl.*;

class Lab {
    interface Get { void get(String url) throws Exception; }

    static final List<Object> unread = new ArrayList<>(); // keeps what was not read from being collected, and so closed

    static TrustManager[] trust() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (var in = new FileInputStream(System.getenv("SSL_CERT_FILE"))) {
            store.setCertificateEntry("lab", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        var f = TrustManagerFactory.getInstance("PKIX");
        f.init(store);
        return f.getTrustManagers();
    }

    static SSLContext context() throws Exception {
        SSLContext c = SSLContext.getInstance("TLS");
        c.init(null, trust(), null);
        return c;
    }

    // drive has ten requests made at the times that the mode asks for.
    static void drive(String mode, String url, Get one) throws Exception {
        String when = mode.split("-")[0];
        boolean big = when.equals("unread") || when.equals("drained");
        String path = url + (when.equals("unread") ? "/huge/" : big ? "/big/" : "/item/");
        if (when.equals("parallel")) {
            ExecutorService threads = Executors.newFixedThreadPool(5);
            for (int first : new int[]{1, 6}) {
                for (var f : threads.invokeAll(IntStream.range(first, first + 5).<Callable<Void>>mapToObj(i -> () -> { one.get(path + i); return null; }).collect(Collectors.toList()))) f.get();
                Thread.sleep(200); // a pool may clear itself on a thread of its own
            }
            System.exit(0);
        }
        for (int i = 1; i <= 10; i++) {
            one.get(path + i);
            Thread.sleep(when.equals("idle") && i == 5 ? 1500 : big ? 60 : 10);
        }
        System.exit(0);
    }

    // lines fetches URLs as they come on standard input, those that come together together, as
    // TCPWARM_SCENARIO asks for; ask returns a response's status.
    interface Ask { int ask(Question q) throws Exception; }

    static class Question {
        String url, method = "GET", field, value, body, authorization;
        boolean read = true;
    }

    static Question question(String url) {
        var q = new Question();
        q.url = url;
        String scenario = String.valueOf(System.getenv("TCPWARM_SCENARIO"));
        if (scenario.equals("head")) q.method = "HEAD";
        if (scenario.equals("not-modified")) { q.field = "If-None-Match"; q.value = "\"1\""; }
        if (scenario.equals("expect-continue")) { q.method = "POST"; q.field = "Expect"; q.value = "100-continue"; q.body = "a body"; }
        q.read = !scenario.startsWith("unread");
        return q;
    }

    static void one(Ask client, String url) {
        try {
            var q = question(url);
            if (client.ask(q) != 401) return;
            String user = System.getenv("TCPWARM_USER") + ":" + System.getenv("TCPWARM_PASSWORD");
            q.authorization = "Basic " + Base64.getEncoder().encodeToString(user.getBytes());
            client.ask(q);
        } catch (Exception e) {
            System.err.println(e);
        }
    }

    static void lines(Ask client) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(12);
        byte[] b = new byte[65536];
        for (int n; (n = System.in.read(b)) > 0; )
            threads.invokeAll(new String(b, 0, n).lines().<Callable<Void>>map(url -> () -> { one(client, url); return null; }).collect(Collectors.toList()));
        System.exit(0);
    }
}
