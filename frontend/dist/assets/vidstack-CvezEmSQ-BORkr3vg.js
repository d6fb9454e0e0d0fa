<<<<<<<< HEAD:frontend/dist/assets/vidstack-CvezEmSQ-CYjy3h45.js
export{$ as provider_exports,et as provider_exports$1}from"./vidstack-CvezEmSQ-CyhuqBT8.js";
========
export{$ as provider_exports,et as provider_exports$1}from"./vidstack-CvezEmSQ-shqIFTX7.js";
>>>>>>>> 187a4db (page: show announcements, notifications and chat):frontend/dist/assets/vidstack-CvezEmSQ-BORkr3vg.js
