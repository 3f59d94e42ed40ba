/** The inspector's door. Its elements are still to come. */
export {};
