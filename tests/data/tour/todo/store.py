"""Keep tasks in memory and on disk."""

import json


class Store:
    """Tasks by their names."""

    def __init__(self, path):
        self.path = path
        self.tasks = {}

    def __len__(self):
        return len(self.tasks)

    def add_task(self, task):
        self.tasks[task.name] = task

    def remove_task(self, name):
        del self.tasks[name]

    def is_empty(self):
        return not self.tasks

    def save(self):
        """Write all tasks to the file."""
        with open(self.path, "w") as file:
            json.dump([vars(task) for task in self.tasks.values()], file)

    @property
    def open_tasks(self):
        return [task for task in self.tasks.values() if not task.done]
