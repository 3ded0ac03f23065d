"""The API's description: an OpenAPI document made from the code, and a page that shows it to people."""
