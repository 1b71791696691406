/* errand: the contract between errand and a handler plugin. */
