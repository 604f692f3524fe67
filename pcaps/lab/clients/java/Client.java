// java.net.http.HttpClient and HttpURLConnection: ten requests at the times the
// mode asks for; see ../node/drive.js.
//
//   java Client.java httpclient|urlconnection MODE URL
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

    static HttpClient shared;

    static void send(HttpClient c, String url) throws Exception {
        c.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
    }

    static final List<Object> unread = new ArrayList<>(); // keeps what was not read from being collected, and so closed

    static URLConnection open(String url) throws Exception {
        URLConnection c = new URL(url).openConnection();
        if (c instanceof HttpsURLConnection) ((HttpsURLConnection) c).setSSLSocketFactory(context.getSocketFactory());
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

    static Get httpClient(String mode) {
        switch (mode) {
        case "default": return url -> send(client(), url);
        case "shared": case "parallel": case "idle": case "drained": return url -> send(shared, url);
        case "unread": return url -> shared.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofInputStream()).body().close();
        }
        throw new IllegalArgumentException("no mode " + mode);
    }

    public static void main(String[] args) throws Exception {
        tls = args[2].startsWith("https");
        if (tls) context = trustsLab();
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
