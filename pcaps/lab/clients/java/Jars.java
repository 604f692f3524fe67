// OkHttp and Apache HttpClient 5: ten requests at the times the mode asks for; see
// ../node/drive.js.
//
//   java -cp 'jars/*' Jars.java okhttp|apache MODE URL
import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import javax.net.ssl.*;
import okhttp3.*;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.*;
import org.apache.hc.client5.http.impl.io.*;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.util.TimeValue;

public class Jars {
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
        case "newbuilder": return url -> call(shared.newBuilder().readTimeout(5, TimeUnit.SECONDS).build(), url);
        case "unread": return url -> unread.add(shared.newCall(new Request.Builder().url(url).build()).execute());
        case "unread-closed": return url -> shared.newCall(new Request.Builder().url(url).build()).execute().close();
        case "parallel-pool2": { var c = ok().connectionPool(new ConnectionPool(2, 5, TimeUnit.MINUTES)).build(); return url -> call(c, url); }
        case "off": {
            var c = ok().addInterceptor(x -> x.proceed(x.request().newBuilder().header("Connection", "close").build())).build();
            return url -> call(c, url);
        }
        case "idle-timeout": { var c = ok().connectionPool(new ConnectionPool(5, 200, TimeUnit.MILLISECONDS)).build(); return url -> call(c, url); }
        }
        throw new IllegalArgumentException("no mode " + mode);
    }

    // Apache HttpClient.

    static PoolingHttpClientConnectionManagerBuilder pool() throws Exception {
        return PoolingHttpClientConnectionManagerBuilder.create().setTlsSocketStrategy(new DefaultClientTlsStrategy(context()));
    }

    static void execute(CloseableHttpClient c, String url) throws Exception {
        c.execute(new HttpGet(url), r -> EntityUtils.toByteArray(r.getEntity()));
    }

    static Get apache(String mode) throws Exception {
        CloseableHttpClient shared = HttpClients.custom().setConnectionManager(pool().build()).build();
        switch (mode) {
        case "default": return url -> { try (var c = HttpClients.custom().setConnectionManager(pool().build()).build()) { execute(c, url); } };
        case "each": return url -> execute(HttpClients.custom().setConnectionManager(pool().build()).build(), url);
        case "shared": case "parallel": case "idle": case "drained": return url -> execute(shared, url);
        case "unread": { // more than the five that the pool grants a route
            var c = HttpClients.custom().setConnectionManager(pool().setMaxConnPerRoute(10).build()).build();
            return url -> unread.add(c.executeOpen(null, new HttpGet(url), null));
        }
        case "unread-closed": return url -> shared.executeOpen(null, new HttpGet(url), null).close();
        case "off": {
            var c = HttpClients.custom().setConnectionManager(pool().build()).setConnectionReuseStrategy((q, r, x) -> false).build();
            return url -> execute(c, url);
        }
        case "idle-keepalive": {
            var c = HttpClients.custom().setConnectionManager(pool().build()).setKeepAliveStrategy((r, x) -> TimeValue.ofMilliseconds(200)).build();
            return url -> execute(c, url);
        }
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
