// java.net.http.HttpClient and HttpURLConnection: ten requests at the times the
// mode asks for; see ../node/drive.js.
//
//   java Client.java httpclient|urlconnection MODE URL
//   java Client.java httpclient|urlconnection lines
import java.io.FileInputStream;
import java.net.*;
import java.net.http.*;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import javax.net.ssl.*;

public class Client {
    interface Get { void get(String url) throws Exception; }

    static boolean tls;
    static SSLContext context; // trusts the lab
    static SSLSocketFactory factory; // of it: connections made by another are not reused

    // In clear the lab's servers speak HTTP/1.1 only; without saying so the first request asks for an upgrade to h2c.
    static HttpClient client() throws Exception {
        var b = HttpClient.newBuilder();
        return (tls ? b.sslContext(context) : b.version(HttpClient.Version.HTTP_1_1)).build();
    }

    static SSLContext trustsLab() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (var in = new FileInputStream(System.getenv("SSL_CERT_FILE"))) {
            store.setCertificateEntry("lab", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        var trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(store);
        SSLContext c = SSLContext.getInstance("TLS");
        c.init(null, trust.getTrustManagers(), null);
        return c;
    }

    static void trustLab() throws Exception {
        context = trustsLab();
        factory = context.getSocketFactory();
    }

    static HttpClient shared;

    static void send(HttpClient c, String url) throws Exception {
        c.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
    }

    static final List<Object> unread = new ArrayList<>(); // keeps what was not read from being collected, and so closed

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

    public static void main(String[] args) throws Exception {
        if (args[1].equals("lines")) {
            trustLab();
            var client = HttpClient.newBuilder().sslContext(context).followRedirects(HttpClient.Redirect.NORMAL).build();
            lines(args[0].equals("httpclient") ? q -> ask(client, q) : Client::ask);
        }
        tls = args[2].startsWith("https");
        if (tls) trustLab();
        shared = client();
        Get one = args[0].equals("httpclient") ? httpClient(args[1]) : urlConnection(args[1]);
        String when = args[1].split("-")[0];
        boolean big = when.equals("unread") || when.equals("drained");
        String path = args[2] + (when.equals("unread") ? "/huge/" : big ? "/big/" : "/item/");
        if (when.equals("parallel")) {
            ExecutorService threads = Executors.newFixedThreadPool(5);
            for (int first : new int[]{1, 6}) {
                threads.invokeAll(IntStream.range(first, first + 5).<Callable<Void>>mapToObj(i -> () -> { one.get(path + i); return null; }).collect(Collectors.toList()));
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
