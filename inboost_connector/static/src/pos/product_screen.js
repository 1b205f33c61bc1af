import {ProductScreen} from "@point_of_sale/app/screens/product_screen/product_screen";
import {patch} from "@web/core/utils/patch";

patch(ProductScreen.prototype, {
    /** A code that is no product's may be on a customer's card, or in their bot. */
    async _barcodeProductAction(code) {
        if (await this._getProductByBarcode(code)) {
            return super._barcodeProductAction(...arguments);
        }
        const partner = await this.findInboostCard(code);
        if (partner) {
            this.pos.setPartnerToCurrentOrder(partner);
            return;
        }
        return super._barcodeProductAction(...arguments);
    },

    async findInboostCard(code) {
        try {
            return await this._getPartnerByBarcode(code);
        } catch (error) {
            // The server is away: only who is loaded can be found.
            console.warn(error);
            return null;
        }
    },
});
