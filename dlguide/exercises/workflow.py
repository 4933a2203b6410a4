"""What checks the exercises of the lesson *Workflow*.

Read the lesson: [Workflow](../lessons/workflow.md#exercises).
"""

from dlguide.exercises.answers import Exercises

__all__ = ["EXERCISES"]

EXERCISES = Exercises()
