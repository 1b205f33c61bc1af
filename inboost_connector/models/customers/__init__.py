from . import inboost_specialty  # what a customer does for a living
from . import inboost_customer  # the link between a contact and InBoost
from . import inboost_customer_decision  # what becomes of a row
from . import inboost_customer_write  # doing what was decided
from . import inboost_customer_offer  # contacts whom InBoost does not know
from . import inboost_customer_history  # purchases from before the link
from . import inboost_customer_lookup  # one customer, by phone
from . import inboost_sync_run  # one pull, page by page
from . import inboost_sync_run_schedule  # when a pull is due
from . import inboost_sync_line  # what a run reports of a row
from . import res_partner  # the contact
