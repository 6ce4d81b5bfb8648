"""The tab Use: finished runs answer texts and files, and their models are downloaded."""
