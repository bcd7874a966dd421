"""The pages of places and the machines in them: lights on the home page, map, cameras, boxes, figures over days."""
