"""What box and hub share: ids, events, messages, topics, the codec and the MQTT client. Knows neither side."""
