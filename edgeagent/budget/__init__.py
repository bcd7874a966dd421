"""The monthly data budget of a metered link: counts what the link costs, and says what to do without as it runs short.

Only pictures and health messages are ever limited; alarms, check-ins and calls for help go whatever they cost. A crash
forgets what was counted since it was last saved, five minutes at most.

what traffic costs, which level follows → `account`; what is spared at a level → `budget`; who counts → `meter`
"""

from edgeagent.budget.account import LEVEL_NAMES, Level, LevelName
from edgeagent.budget.budget import DataBudget, unlimited

__all__ = ["LEVEL_NAMES", "DataBudget", "Level", "LevelName", "unlimited"]
