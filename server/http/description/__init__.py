"""The whole HTTP API as one OpenAPI document, made from what the program goes by."""
