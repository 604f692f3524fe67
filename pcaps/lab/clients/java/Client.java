// java.net.http.HttpClient and HttpURLConnection: ten requests at the times the
// mode asks for; see ../node/drive.js.
//
//   java -cp CLASSES Client httpclient|urlconnection MODE URL
//   java -cp CLASSES Client httpclient|urlconnection lines
import java.io.FileInputStream;
import java.net.*;
import java.net.http.*;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import javax.net.ssl.*;

public class Client extends Lab {
    static boolean tls;
    static SSLContext context; // trusts the lab
    static SSLSocketFactory factory; // of it: connections made by another are not reused

    // In clear the lab's servers speak HTTP/1.1 only; without saying so the first request asks for an upgrade to h2c.
    static HttpClient client() throws Exception {
        var b = HttpClient.newBuilder();
        return (tls ? b.sslContext(context) : b.version(HttpClient.Version.HTTP_1_1)).build();
    }

    static void trustLab() throws Exception {
        context = context();
        factory = context.getSocketFactory();
    }

    static HttpClient shared;

    static void send(HttpClient c, String url) throws Exception {
        c.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
    }

    static URLConnection open(String url) throws Exception {
        URLConnection c = new URL(url).openConnection();
        if (c instanceof HttpsURLConnection) ((HttpsURLConnection) c).setSSLSocketFactory(factory);
        return c;
    }

    static Get urlConnection(String mode) {
        switch (mode) {
        case "default": case "shared": case "parallel": case "idle": case "drained":
            return url -> { try (var in = open(url).getInputStream()) { in.readAllBytes(); } };
        case "unread": return url -> unread.add(open(url).getInputStream());
        case "deadline": return url -> {
            var c = open(url);
            c.setReadTimeout(1500);
            try (var in = c.getInputStream()) {
                in.readAllBytes();
            } catch (SocketTimeoutException e) {
                // given up
            }
        };
        case "disconnect": return url -> {
            var c = (HttpURLConnection) open(url);
            try (var in = c.getInputStream()) { in.readAllBytes(); }
            c.disconnect(); // comes too late to end anything: the body was read, the connection is back in its pool
        };
        }
        throw new IllegalArgumentException("no mode " + mode);
    }

    static int ask(HttpClient c, Question q) throws Exception {
        var b = HttpRequest.newBuilder(URI.create(q.url));
        b.method(q.method, q.body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(q.body));
        if (q.url.startsWith("http:")) b.version(HttpClient.Version.HTTP_1_1);
        if (q.field != null && q.body == null) b.header(q.field, q.value);
        if (q.body != null) b.expectContinue(true);
        if (q.authorization != null) b.header("Authorization", q.authorization);
        if (q.read) return c.send(b.build(), HttpResponse.BodyHandlers.ofString()).statusCode();
        var r = c.send(b.build(), HttpResponse.BodyHandlers.ofInputStream());
        r.body().close();
        return r.statusCode();
    }

    static int ask(Question q) throws Exception {
        var c = (HttpURLConnection) open(q.url);
        c.setRequestMethod(q.method);
        if (q.field != null) c.setRequestProperty(q.field, q.value);
        if (q.authorization != null) c.setRequestProperty("Authorization", q.authorization);
        if (q.body != null) { c.setDoOutput(true); c.getOutputStream().write(q.body.getBytes()); }
        int status = c.getResponseCode();
        try (var in = status >= 400 ? c.getErrorStream() : c.getInputStream()) { if (q.read && in != null) in.readAllBytes(); }
        return status;
    }

    static Get httpClient(String mode) {
        switch (mode) {
        case "default": return url -> send(client(), url);
        case "context": return url -> { trustLab(); send(client(), url); };
        case "shared": case "parallel": case "idle": case "drained": return url -> send(shared, url);
        case "deadline": return url -> {
            try {
                shared.send(HttpRequest.newBuilder(URI.create(url)).timeout(java.time.Duration.ofMillis(1500)).build(), HttpResponse.BodyHandlers.ofString());
            } catch (HttpTimeoutException e) {
                // given up
            }
        };
        case "unread": return url -> shared.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofInputStream()).body().close();
        }
        throw new IllegalArgumentException("no mode " + mode);
    }

    public static void main(String[] args) throws Exception {
        if (args[1].equals("lines")) {
            trustLab();
            var client = HttpClient.newBuilder().sslContext(context).followRedirects(HttpClient.Redirect.NORMAL).build();
            lines(args[0].equals("httpclient") ? q -> ask(client, q) : Client::ask);
        }
        tls = args[2].startsWith("https");
        if (tls) trustLab();
        shared = client();
        drive(args[1], args[2], args[0].equals("httpclient") ? httpClient(args[1]) : urlConnection(args[1]));
    }
}
