import io.socket.client.IO;
import io.socket.client.Socket;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Scanner;
import org.json.JSONException;
import org.json.JSONObject;

/**
 * A client made with socket.io-client-java that tells what happens to its
 * connection, as a line of JSON each, and obeys the lines of its standard input.
 *
 * <pre>java -jar client.jar URL websocket|polling|upgrade static|function</pre>
 *
 * "token T" sets the token, "connect" connects, "emit N" sends N bytes. The library has no auth function: it sends the map that it was given, as that
 * is when it connects. With "function" the newest token and the last cursor are
 * put into it.
 */
public class Client {
  private static final Map<String, String> auth = new HashMap<>();

  public static void main(String[] args) throws Exception {
    boolean function = args[2].equals("function");
    IO.Options options = new IO.Options();
    options.transports =
        args[1].equals("upgrade") ? new String[] {"polling", "websocket"} : new String[] {args[1]};
    options.auth = auth;
    Socket socket = IO.socket(URI.create(args[0]), options);
    socket.on(Socket.EVENT_CONNECT, x -> say("connect"));
    socket.on(Socket.EVENT_DISCONNECT, x -> say("disconnect", "reason", x[0]));
    socket.on(Socket.EVENT_CONNECT_ERROR, x -> refused(x[0]));
    for (String name : new String[] {"video:queued", "stream:ready", "stream:reset", "auth:expiring"}) {
      socket.on(name, x -> event(name, x, function));
    }
    say("ready");
    for (Scanner in = new Scanner(System.in); in.hasNextLine(); ) {
      String[] command = in.nextLine().split(" ", 2);
      switch (command[0]) {
        case "token" -> {
          if (function || !auth.containsKey("token")) auth.put("token", command[1]);
        }
        case "connect" -> socket.connect();
        case "emit" -> socket.emit("note", "x".repeat(Integer.parseInt(command[1])));
        default -> throw new IllegalArgumentException(command[0]);
      }
    }
    System.exit(0);
  }

  private static void event(String name, Object[] x, boolean function) {
    Object cursor = x[x.length - 1] instanceof String ? x[x.length - 1] : "";
    if (function && !cursor.equals("")) auth.put("after", (String) cursor);
    say("event", "name", name, "payload", x[0], "cursor", cursor);
  }

  private static void refused(Object error) {
    JSONObject data = error instanceof JSONObject refusal ? refusal.optJSONObject("data") : null;
    if (data == null) say("error", "reason", String.valueOf(error));
    else say("refused", "code", data.opt("code"));
  }

  private static synchronized void say(String at, Object... fields) {
    try {
      JSONObject line = new JSONObject().put("at", at);
      for (int i = 0; i < fields.length; i += 2) line.put((String) fields[i], fields[i + 1]);
      System.out.println(line);
    } catch (JSONException e) {
      throw new IllegalStateException(e);
    }
  }
}
