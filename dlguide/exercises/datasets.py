"""What checks the exercises of the lesson *Datasets*.

Read the lesson: [Datasets](../lessons/datasets.md#exercises).
"""

from dlguide.exercises.answers import Exercises

__all__ = ["EXERCISES"]

EXERCISES = Exercises()
