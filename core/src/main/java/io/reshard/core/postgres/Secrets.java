package io.reshard.core.postgres;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The content of secrets.yaml: what a job needs to log in, kept apart from plan and arguments.
 * {@link #toString()} hides every password.
 */
public record Secrets(Map<String, Credentials> nodes, Control control) implements Serializable {
  /** Address and login of the control database. */
  public record Control(String url, String user, String password) implements Serializable {
    public Endpoint endpoint() {
      return new Endpoint("control database", url, user, password);
    }

    @Override
    public String toString() {
      return "Control[url=" + url + ", user=" + user + "]";
    }
  }

  public Secrets {
    nodes = nodes == null ? new HashMap<>() : new HashMap<>(nodes);
  }

  /** Reads secrets.yaml, with {@code ${NAME}} taken from the environment. */
  public static Secrets read(Path file) {
    Secrets raw = Documents.readFile(file, Secrets.class, ErrorCode.INVALID_CONFIGURATION);
    if (raw.control == null || raw.control.url() == null) {
      throw new ReshardingException(
          ErrorCode.INVALID_CONFIGURATION, file + " needs 'control' with a 'url'");
    }
    Map<String, Credentials> nodes = new HashMap<>();
    raw.nodes.forEach(
        (node, login) ->
            nodes.put(
                node, new Credentials(login.user(), Environment.resolve(login.password(), node))));
    return new Secrets(
        nodes,
        new Control(
            raw.control.url(),
            raw.control.user(),
            Environment.resolve(raw.control.password(), "control")));
  }

  /** The logins that the nodes of {@code topologies} name, passwords taken from the environment. */
  public static Secrets of(List<Topology> topologies, Control control) {
    Map<String, Credentials> nodes = new HashMap<>();
    for (Topology topology : topologies) {
      for (Node node : topology.nodes()) {
        String password = Environment.resolve(node.password(), "node '" + node.id() + "'");
        nodes.put(node.id(), new Credentials(node.user(), password));
      }
    }
    return new Secrets(nodes, control);
  }

  /** The endpoint of a shard's database. */
  public Endpoint endpoint(Topology topology, Shard shard) {
    return endpoint(topology.nodeOf(shard), shard.id(), shard.database());
  }

  /** The endpoint of any database on a node; {@code name} is what errors call it. */
  public Endpoint endpoint(Node node, String name, String database) {
    return endpoint(node, node.url(), name, database);
  }

  /** A shard's database on the replica of its node, with the node's login; empty without one. */
  public Optional<Endpoint> replica(Topology topology, Shard shard) {
    Node node = topology.nodeOf(shard);
    return Optional.ofNullable(node.readUrl())
        .map(url -> endpoint(node, url, "replica of " + shard.id(), shard.database()));
  }

  private Endpoint endpoint(Node node, String url, String name, String database) {
    Credentials login = nodes.getOrDefault(node.id(), new Credentials(node.user(), null));
    int query = url.indexOf('?');
    String base = query < 0 ? url : url.substring(0, query);
    String parameters = query < 0 ? "" : url.substring(query);
    return new Endpoint(name, base + database + parameters, login.user(), login.password());
  }

  @Override
  public String toString() {
    return "Secrets[nodes=" + nodes.keySet() + ", control=" + control + "]";
  }
}
