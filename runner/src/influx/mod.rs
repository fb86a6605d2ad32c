//! An InfluxDB v1 write sink for the metrics of existing plans.
