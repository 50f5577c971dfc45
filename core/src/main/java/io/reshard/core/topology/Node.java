package io.reshard.core.topology;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.Serializable;

/**
 * A PostgreSQL server. {@code url} is a JDBC URL that ends where the database name would follow,
 * such as {@code jdbc:postgresql://127.0.0.1:5501/}; parameters may follow behind a question mark.
 * {@code password} is only ever the reference to an environment variable, {@code ${NAME}}: a
 * literal password must not reach the control database or a plan. {@code readUrl} names a replica.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Node(String id, String url, String user, String password, String readUrl)
    implements Serializable {}
