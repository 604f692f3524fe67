// OkHttp 4 and Apache HttpClient 4, whose jars cannot be on one path with their successors':
// ten requests at the times the mode asks for; see ../node/drive.js.
//
//   java -cp 'CLASSES:jars4/*' Jars4 okhttp|apache MODE URL
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

public class Jars4 extends Lab {
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
        drive(args[1], args[2], args[0].equals("okhttp") ? okhttp(args[1]) : apache(args[1]));
    }
}
