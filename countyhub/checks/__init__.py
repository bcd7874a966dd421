"""`countyhub check`: one small file a check. Each looks, changes nothing, and says what a person should do."""
