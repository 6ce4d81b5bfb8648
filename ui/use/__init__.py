"""The tab Use: finished runs label texts and files, and their models are downloaded."""
