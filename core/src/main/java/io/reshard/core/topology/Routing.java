package io.reshard.core.topology;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.Serializable;

/**
 * The routing rule of a topology or of one table. The strategies that hash need a {@code function};
 * the others have none.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Routing(RoutingStrategy strategy, HashFunction function) implements Serializable {}
