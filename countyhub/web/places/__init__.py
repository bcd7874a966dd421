"""The pages of places and the machines in them.

home page → `lightsboard`, map → `maps`, cameras → `cameras`, boxes → `boxpages`; cases about a machine → `placecases`
tables → `placetables`, taken away → `placeexports`; figures over days → `charts`, their tables `charttables`
"""
