import {PosStore} from "@point_of_sale/app/services/pos_store";
import {patch} from "@web/core/utils/patch";

patch(PosStore.prototype, {
    /**
     * The contact with a phone, whom InBoost is asked about where nobody here is linked.
     *
     * @param {String} phone as the cashier typed it
     * @returns {Promise<{state: String, partners: Array}>} see the server's method
     */
    async askInboost(phone) {
        let answer = null;
        try {
            answer = await this.data.call("res.partner", "inboost_find_at_register", [
                this.config.id,
                phone,
            ]);
        } catch (error) {
            // The server is away: nobody could be asked.
            console.warn(error);
            return {state: "silent", partners: []};
        }
        const records = this.models.connectNewData(answer.records);
        this.data.synchronizeServerDataInIndexedDB(answer.records);
        return {state: answer.state, partners: records["res.partner"] || []};
    },

    setPartnerToCurrentOrder(partner) {
        super.setPartnerToCurrentOrder(...arguments);
        if (partner) {
            this.linkToInboost(partner);
        }
    },

    /**
     * @param {Object} partner
     * @returns {Promise<Object>} what the customer has, see the server's method; empty
     *     where the server is away
     */
    async getInboostBonuses(partner) {
        if (this.data.network.offline || typeof partner.id !== "number") {
            return {};
        }
        return (
            (await this.data.silentCall("res.partner", "inboost_bonuses_at_register", [
                this.config.id,
                partner.id,
            ])) || {}
        );
    },

    /**
     * Somebody who is here and not linked is looked up once, while the sale goes on.
     */
    async linkToInboost(partner) {
        this.inboostAsked = this.inboostAsked || new Set();
        if (
            !partner.phone ||
            partner.is_inboost_customer ||
            this.inboostAsked.has(partner.id)
        ) {
            return;
        }
        this.inboostAsked.add(partner.id);
        await this.askInboost(partner.phone);
    },
});
