import {PaymentScreen} from "@point_of_sale/app/screens/payment_screen/payment_screen";
import {patch} from "@web/core/utils/patch";
import {useEffect, useState} from "@odoo/owl";

patch(PaymentScreen.prototype, {
    setup() {
        super.setup(...arguments);
        this.inboost = useState({bonuses: {}});
        useEffect(
            (partner) => {
                this.loadInboostBonuses(partner);
            },
            () => [this.currentOrder?.getPartner()]
        );
    },

    async loadInboostBonuses(partner) {
        this.inboost.bonuses = {};
        if (!partner) {
            return;
        }
        const bonuses = await this.pos.getInboostBonuses(partner);
        // Another customer may have been chosen meanwhile.
        if (this.currentOrder?.getPartner() === partner) {
            this.inboost.bonuses = bonuses;
        }
    },
});
