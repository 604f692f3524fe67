// java.net.http.HttpClient and HttpURLConnection: ten requests at the times the
// mode asks for; see ../node/drive.js.
//
//   java Client.java MODE URL
import java.io.FileInputStream;
import java.net.*;
import java.net.http.*;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.concurrent.*;
import java.util.stream.*;
import javax.net.ssl.*;

public class Client {
    interface Get { void get(String url) throws Exception; }

    static boolean tls;

    // In clear the lab's servers speak HTTP/1.1 only; without saying so the first request asks for an upgrade to h2c.
    static HttpClient client() throws Exception {
        var b = HttpClient.newBuilder();
        return (tls ? b.sslContext(trustsLab()) : b.version(HttpClient.Version.HTTP_1_1)).build();
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

    static Get mode(String mode) {
        switch (mode) {
        case "default": return url -> send(client(), url);
        case "shared": case "parallel": case "idle": return url -> send(shared, url);
        case "unread": return url -> shared.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofInputStream()).body().close();
        case "urlconnection": return url -> { try (var in = new URL(url).openStream()) { in.readAllBytes(); } };
        }
        throw new IllegalArgumentException("no mode " + mode);
    }

    public static void main(String[] args) throws Exception {
        tls = args[1].startsWith("https");
        shared = client();
        Get one = mode(args[0]);
        String when = args[0].split("-")[0], path = args[1] + (when.equals("unread") ? "/big/" : "/item/");
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
            Thread.sleep(when.equals("idle") && i == 5 ? 600 : when.equals("unread") ? 60 : 10);
        }
        System.exit(0);
    }
}
