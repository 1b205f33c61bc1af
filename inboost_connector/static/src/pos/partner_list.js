import {PartnerList} from "@point_of_sale/app/screens/partner_list/partner_list";
import {SelectPartnerButton} from "@point_of_sale/app/screens/product_screen/control_buttons/select_partner_button/select_partner_button";
import {patch} from "@web/core/utils/patch";

// Digits that are enough for a phone; what is one is decided by the server.
const SHORTEST = 7;

patch(PartnerList.prototype, {
    setup() {
        super.setup(...arguments);
        this.state.inboost = {state: "", query: ""};
    },

    /** What the cashier typed, if it may be a phone. */
    get inboostPhone() {
        const query = (this.state.query || "").trim();
        const digits = query.replace(/\D/g, "");
        return /^\+?[\d\s().-]+$/.test(query) && digits.length >= SHORTEST ? query : "";
    },

    /** Whether a customer of InBoost is among those who are shown. */
    get isInboostShown() {
        const {initialPartners, loadedPartners} = this.state;
        return this.getPartners([...initialPartners, ...loadedPartners]).some(
            (partner) => partner.is_inboost_customer
        );
    },

    /** The answer about what is typed now: an older one is not shown. */
    get inboostState() {
        const {state, query} = this.state.inboost;
        return query === this.inboostPhone ? state : "";
    },

    async searchPartner() {
        const found = await super.searchPartner(...arguments);
        if (found.length || !this.inboostPhone || this.isInboostShown) {
            return found;
        }
        return await this.askInboost();
    },

    async askInboost() {
        const query = this.inboostPhone;
        if (!query || this.inboostState === "asking") {
            return [];
        }
        this.state.inboost = {state: "asking", query};
        const {state, partners} = await this.pos.askInboost(query);
        this.state.inboost = {state, query};
        for (const partner of partners) {
            if (!this.loadedPartnerIds.has(partner.id)) {
                this.loadedPartnerIds.add(partner.id);
                this.state.loadedPartners.push(partner);
            }
        }
        return partners;
    },
});

patch(SelectPartnerButton.prototype, {
    get isInboostCustomer() {
        return Boolean(this.props.partner?.is_inboost_customer);
    },
});
