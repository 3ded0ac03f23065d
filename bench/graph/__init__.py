"""How true the edges of the graph are, against what runs, jedi and a TypeScript compiler say (docs/graph.md)."""
