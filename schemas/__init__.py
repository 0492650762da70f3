"""The contract laptops and the server share: records, wire messages, problems."""
