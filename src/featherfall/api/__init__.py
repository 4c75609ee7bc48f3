"""The public face: a model that predicts, the results it gives, training, evaluation and live use. `featherfall` exports what is here."""
