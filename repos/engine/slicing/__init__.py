"""A task and a budget -> a slice of a snapshot. In reading order:

- `slice`: the whole way; `task`: what the text of a task says;
- `search`: scores of the words, by way of `gains` (what each term brings, kept for the next slice); `signals`,
  `wording`: what else tells of a block or file; `features`: all of these as rows of two matrices;
- `rank`: weights, and the order that they give;
- `pack`: the budget filled, counted by `tokens`; `outline`: signatures, for what is called and for a map;
- `render`: the text that an agent gets.
"""
