// OkHttp 4 and Apache HttpClient 4, whose jars cannot be on one path with their successors':
// ten requests at the times the mode asks for; see ../node/drive.js.
//
//   java -cp 'CLASSES:jars4/*' Jars4 okhttp|apache MODE URL
//   java -cp 'CLASSES:jars4/*' Jars4 okhttp|apache lines
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

    static Ask okhttp() throws Exception {
        OkHttpClient shared = ok().build();
        return q -> {
            var b = new Request.Builder().url(q.url).method(q.method, q.body == null ? null : RequestBody.create(q.body, null));
            if (q.field != null) b.header(q.field, q.value);
            if (q.authorization != null) b.header("Authorization", q.authorization);
            try (Response r = shared.newCall(b.build()).execute()) {
                if (q.read) r.body().bytes();
                return r.code();
            }
        };
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

    static Ask apache() throws Exception {
        CloseableHttpClient shared = custom().build();
        return q -> {
            var b = org.apache.http.client.methods.RequestBuilder.create(q.method).setUri(q.url);
            if (q.field != null && q.body == null) b.setHeader(q.field, q.value);
            if (q.body != null) b.setEntity(new org.apache.http.entity.StringEntity(q.body));
            if (q.authorization != null) b.setHeader("Authorization", q.authorization);
            b.setConfig(org.apache.http.client.config.RequestConfig.custom().setExpectContinueEnabled(q.body != null).build());
            try (var r = shared.execute(b.build())) {
                if (q.read) EntityUtils.consume(r.getEntity());
                return r.getStatusLine().getStatusCode();
            }
        };
    }

    public static void main(String[] args) throws Exception {
        if (args[1].equals("lines")) lines(args[0].equals("okhttp") ? okhttp() : apache());
        drive(args[1], args[2], args[0].equals("okhttp") ? okhttp(args[1]) : apache(args[1]));
    }
}
