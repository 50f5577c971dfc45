package io.reshard.job.change;

import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.SourceReaderOptions;
import org.apache.flink.metrics.groups.SourceReaderMetricGroup;
import org.apache.flink.util.UserCodeClassLoader;

/**
 * Limits the time that a failing task waits for its reader. The connector's fetcher can block where
 * it does not notice that it is being closed, and every restart would wait Flink's 30 s for it.
 */
record QuickCloseContext(SourceReaderContext context) implements SourceReaderContext {

  private static final long CLOSE_TIMEOUT_MILLIS = 2000L;

  @Override
  public Configuration getConfiguration() {
    Configuration configuration = new Configuration(context.getConfiguration());
    configuration.set(SourceReaderOptions.SOURCE_READER_CLOSE_TIMEOUT, CLOSE_TIMEOUT_MILLIS);
    return configuration;
  }

  @Override
  public SourceReaderMetricGroup metricGroup() {
    return context.metricGroup();
  }

  @Override
  public String getLocalHostName() {
    return context.getLocalHostName();
  }

  @Override
  public int getIndexOfSubtask() {
    return context.getIndexOfSubtask();
  }

  @Override
  public void sendSplitRequest() {
    context.sendSplitRequest();
  }

  @Override
  public void sendSourceEventToCoordinator(SourceEvent sourceEvent) {
    context.sendSourceEventToCoordinator(sourceEvent);
  }

  @Override
  public UserCodeClassLoader getUserCodeClassLoader() {
    return context.getUserCodeClassLoader();
  }

  @Override
  public int currentParallelism() {
    return context.currentParallelism();
  }
}
