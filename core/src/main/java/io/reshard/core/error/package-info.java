/** The coded errors of the product. Knows nothing of any other package. */
package io.reshard.core.error;
