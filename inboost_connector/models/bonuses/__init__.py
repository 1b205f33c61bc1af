from . import res_company  # where days begin and end
from . import inboost_document_mixin  # the points of a document
from . import inboost_bonus_move  # the ledger's row, and how it is written
from . import inboost_bonus_move_facts  # what is sent about a row
from . import inboost_alarm  # trouble with points
from . import inboost_event  # balances on their way
from . import inboost_backend  # which programs are bonuses
from . import inboost_bonus_balance  # the sum of a customer's cards
from . import inboost_bonus_resend  # balances that a program changed
from . import inboost_bonus_lots  # which points expire when
from . import inboost_bonus_expiry  # which are burned
from . import inboost_bonus_notice  # who hears of it
from . import inboost_bonus_refund  # what a refund does to points
from . import inboost_bonus_missing  # points that never came
from . import inboost_bonus_reconciliation  # the ledger agrees with the cards
from . import inboost_health_remedy  # what mends trouble with points
from . import inboost_health  # programs that InBoost never hears of
from . import inboost_privacy  # what the ledger says of a person
from . import inboost_bonus_mixin  # how those who have cards show it
from . import loyalty_program  # how long points live
from . import loyalty_card  # where every change of points passes
from . import res_partner  # the customer of a balance
