"""The report's sections: one file each, or a folder of `notes`, `tables` and `figures` where that would be long."""
