// OkHttp and Apache HttpClient 5: ten requests at the times the mode asks for; see
// ../node/drive.js.
//
//   java -cp 'CLASSES:jars/*' Jars okhttp|apache MODE URL
//   java -cp 'CLASSES:jars/*' Jars okhttp|apache lines
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

public class Jars extends Lab {
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
        case "deadline": {
            var c = ok().callTimeout(1500, TimeUnit.MILLISECONDS).build();
            return url -> { try { call(c, url); } catch (java.io.InterruptedIOException e) { /* given up */ } };
        }
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

    static PoolingHttpClientConnectionManagerBuilder pool() throws Exception {
        return PoolingHttpClientConnectionManagerBuilder.create().setTlsSocketStrategy(new DefaultClientTlsStrategy(context()));
    }

    static void execute(CloseableHttpClient c, String url) throws Exception {
        c.execute(new HttpGet(url), r -> EntityUtils.toByteArray(r.getEntity()));
    }

    static Ask apache() throws Exception {
        CloseableHttpClient shared = HttpClients.custom().setConnectionManager(pool().build()).build();
        return q -> {
            var b = org.apache.hc.core5.http.io.support.ClassicRequestBuilder.create(q.method).setUri(q.url);
            if (q.field != null && q.body == null) b.setHeader(q.field, q.value);
            if (q.body != null) b.setEntity(q.body);
            if (q.authorization != null) b.setHeader("Authorization", q.authorization);
            var x = org.apache.hc.client5.http.protocol.HttpClientContext.create();
            x.setRequestConfig(org.apache.hc.client5.http.config.RequestConfig.custom().setExpectContinueEnabled(q.body != null).build());
            if (!q.read) try (var r = shared.executeOpen(null, b.build(), x)) { return r.getCode(); }
            return shared.execute(b.build(), x, r -> { EntityUtils.consume(r.getEntity()); return r.getCode(); });
        };
    }

    static Get apache(String mode) throws Exception {
        CloseableHttpClient shared = HttpClients.custom().setConnectionManager(pool().build()).build();
        switch (mode) {
        case "default": return url -> { try (var c = HttpClients.custom().setConnectionManager(pool().build()).build()) { execute(c, url); } };
        case "each": return url -> execute(HttpClients.custom().setConnectionManager(pool().build()).build(), url);
        case "shared": case "parallel": case "idle": case "drained": return url -> execute(shared, url);
        case "deadline": {
            var limited = org.apache.hc.client5.http.config.RequestConfig.custom().setResponseTimeout(1500, TimeUnit.MILLISECONDS).build();
            return url -> {
                var q = new HttpGet(url);
                q.setConfig(limited);
                try { shared.execute(q, r -> EntityUtils.toByteArray(r.getEntity())); } catch (java.net.SocketTimeoutException e) { /* given up */ }
            };
        }
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
        if (args[1].equals("lines")) lines(args[0].equals("okhttp") ? okhttp() : apache());
        drive(args[1], args[2], args[0].equals("okhttp") ? okhttp(args[1]) : apache(args[1]));
    }
}
