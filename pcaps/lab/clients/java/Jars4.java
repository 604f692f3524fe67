// OkHttp 4 and Apache HttpClient 4, whose jars cannot be on one path with their successors':
// ten requests at the times the mode asks for; see ../node/drive.js.
//
//   java -cp 'jars4/*' Jars4.java okhttp|apache MODE URL
import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import javax.net.ssl.*;
import okhttp3.*;
import org.apache.http.client.methods.HttpGet;
import org.apache.http.impl.client.*;
import org.apache.http.util.EntityUtils;

public class Jars4 {
    interface Get { void get(String url) throws Exception; }

    static final List<Object> unread = new ArrayList<>(); // keeps what was not read from being collected, and so closed

    static KeyStore lab() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (var in = new FileInputStream(System.getenv("SSL_CERT_FILE"))) {
            store.setCertificateEntry("lab", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        return store;
    }

    static TrustManager[] trust() throws Exception {
        var f = TrustManagerFactory.getInstance("PKIX");
        f.init(lab());
        return f.getTrustManagers();
    }

    static SSLContext context() throws Exception {
        SSLContext c = SSLContext.getInstance("TLS");
        c.init(null, trust(), null);
        return c;
    }

    // OkHttp.

    static OkHttpClient.Builder ok() throws Exception {
        return new OkHttpClient.Builder().sslSocketFactory(context().getSocketFactory(), (X509TrustManager) trust()[0]);
    }

    static void call(OkHttpClient c, String url) throws Exception {
        try (Response r = c.newCall(new Request.Builder().url(url).build()).execute()) { r.body().bytes(); }
    }

    static Get okhttp(String mode) throws Exception {
        OkHttpClient shared = ok().build();
        switch (mode) {
        case "default": return url -> call(ok().build(), url);
        case "shared": case "parallel": case "idle": case "drained": return url -> call(shared, url);
        case "unread": return url -> unread.add(shared.newCall(new Request.Builder().url(url).build()).execute());
        }
        throw new IllegalArgumentException("no mode " + mode);
    }

    // Apache HttpClient.

    static HttpClientBuilder custom() throws Exception { return HttpClients.custom().setSSLContext(context()); }

    static void execute(CloseableHttpClient c, String url) throws Exception {
        try (var r = c.execute(new HttpGet(url))) { EntityUtils.consume(r.getEntity()); }
    }

    static Get apache(String mode) throws Exception {
        CloseableHttpClient shared = custom().build();
        switch (mode) {
        case "default": return url -> { try (var c = custom().build()) { execute(c, url); } };
        case "each": return url -> { var c = custom().build(); unread.add(c); execute(c, url); };
        case "shared": case "parallel": case "idle": case "drained": return url -> execute(shared, url);
        case "parallel-pool5": { // beyond the two that the pool grants a route
            var c = custom().setMaxConnPerRoute(5).build();
            return url -> execute(c, url);
        }
        case "unread": {
            var c = custom().setMaxConnPerRoute(10).build();
            return url -> unread.add(c.execute(new HttpGet(url)));
        }
        case "unread-closed": return url -> shared.execute(new HttpGet(url)).close();
        }
        throw new IllegalArgumentException("no mode " + mode);
    }

    public static void main(String[] args) throws Exception {
        Get one = args[0].equals("okhttp") ? okhttp(args[1]) : apache(args[1]);
        String when = args[1].split("-")[0];
        boolean big = when.equals("unread") || when.equals("drained");
        String path = args[2] + (when.equals("unread") ? "/huge/" : big ? "/big/" : "/item/");
        if (when.equals("parallel")) {
            ExecutorService threads = Executors.newFixedThreadPool(5);
            for (int first : new int[]{1, 6}) {
                for (var f : threads.invokeAll(IntStream.range(first, first + 5).<Callable<Void>>mapToObj(i -> () -> { one.get(path + i); return null; }).collect(Collectors.toList()))) f.get();
                Thread.sleep(50);
            }
            System.exit(0);
        }
        for (int i = 1; i <= 10; i++) {
            one.get(path + i);
            Thread.sleep(when.equals("idle") && i == 5 ? 600 : big ? 60 : 10);
        }
        System.exit(0);
    }
}
