"""Have people judge a model's sentences, and fit the gate's score to their verdicts."""
