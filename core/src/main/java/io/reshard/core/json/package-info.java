/** Reading and writing of the product's YAML and JSON documents through Jackson. */
package io.reshard.core.json;
